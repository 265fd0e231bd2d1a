// Nodes of the page.

const $ = (id) => document.getElementById(id);

function create(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

const hint = (text) => create("p", { className: "hint" }, text);
const html = (markup, className = "") => create("td", { className, innerHTML: markup });
const plain = (markup) => create("span", { innerHTML: markup }).textContent;

function line(properties, ...cells) {
  return create("tr", properties, ...cells.map((cell) => (cell instanceof Node ? cell : create("td", {}, cell))));
}

function table(head, lines) {
  const titles = head.map((text) => create("th", { scope: "col", innerHTML: text }));
  const made = create("table", {}, create("thead", {}, create("tr", {}, ...titles)), create("tbody", {}, ...lines));
  return create("div", { className: "scroll" }, made);
}

function tell(text) {
  $("message").textContent = text;
  $("message").hidden = !text;
}

function save(text, type, name) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  create("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
