// Putting it together.

let shows = 0;
const shownNow = () => `${state.experiment} ${state.size} ${state.x} ${state.y} ${state.domain} ${state.gap}`;

async function show() {
  fillChoices();
  const mine = ++shows, loaded = await load(state.experiment, state.size);
  // Another choice was made meanwhile.
  if (mine !== shows) return;
  [view, elements] = loaded;
  domain = view.domains[state.domain];
  if (state.function && chosen() === null) {
    tell(`${$("message").textContent} This page has no function “${state.function}” on this E.`.trim());
    state.function = null;
  }
  state.function ||= domain.codes[mostFound(domain.counts[state.experiment])];
  makeRows();
  turnTo(places.get(chosen()) ?? 0);
  showFunction();
  showElement();
  showElements();
  showSummary();
  showGap();
  writeAddress();
  document.body.dataset.shown = shownNow();
  await draw();
}

function start() {
  if (!globalThis.DecompressionStream) {
    return tell("This browser is too old for this page: it needs one of 2023 or later.");
  }
  const unknown = readAddress();
  tell(unknown.length ? `This page has no ${unknown.join(", no ")}: what is there is shown instead.` : "");
  return show();
}

function guarded(action) {
  const fail = (error) => tell(`This cannot be shown: ${error.message}`);
  return () => Promise.resolve().then(action).catch(fail);
}

function onChoice(id, change) {
  $(id).onchange = guarded(() => {
    tell("");
    change($(id).value);
    return show();
  });
}

onChoice("experiment", changeExperiment);
onChoice("size", (size) => changeView({ size: Number(size) }));
onChoice("domain", (number) => changeView({ domain: Number(number) }));
onChoice("gap-domains", (gap) => { state.gap = gap; });
onChoice("x", (key) => { state.x = key; });
onChoice("y", (key) => { state.y = key; });
$("choices").onsubmit = (event) => event.preventDefault();
$("previous").onclick = () => turnTo(first - PAGE);
$("next").onclick = () => turnTo(first + PAGE);
$("rows").tBodies[0].onkeydown = listKey;
$("plot").onkeydown = (event) => step(event);
$("download").onclick = () =>
  save(csv(), "text/csv", `${[facts.name, state.experiment, state.size, state.domain].join("-")}.csv`);
addEventListener("hashchange", guarded(start));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", guarded(draw));
guarded(start)();
