// What the page holds: facts on all experiments, and, packed, the functions on each domain, the elements of each task
// and plotly.js. A domain is one of facts.views: a size of E, with the experiments and posteriors known on it.

const facts = JSON.parse($("facts").textContent);
const domainsOf = (experiment) => facts.views.filter((domain) => domain.experiments.includes(experiment));
const sizesOf = (experiment) => domainsOf(experiment).map((domain) => domain.size);
const domainOf = (experiment, size) => domainsOf(experiment).find((domain) => domain.size === size);

// Those of the page as it is shown.
let domain, view, elements;

async function unpack(id) {
  const bytes = Uint8Array.from(atob($(id).textContent), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

const unpacked = new Map();
function unpackOnce(id, read) {
  if (!unpacked.has(id)) unpacked.set(id, unpack(id).then(read));
  return unpacked.get(id);
}

function readView(text) {
  const read = JSON.parse(text), codes = read.functions.map(hexadecimal);
  return { ...read, codes, byCode: new Map(codes.map((code, i) => [code, i])) };
}

function load(experiment, size) {
  const wanted = domainOf(experiment, size);
  return Promise.all([
    wanted,
    unpackOnce(`view-${facts.views.indexOf(wanted)}`, readView),
    unpackOnce(`elements-${facts.experiments[experiment].task}`, JSON.parse),
  ]);
}

function runPlotly(text) {
  const src = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  return new Promise((resolve, reject) => {
    const onerror = () => reject(new Error("plotly.js does not run"));
    document.head.append(create("script", { src, onload: () => resolve(globalThis.Plotly), onerror }));
  });
}

const wrong = (i) => (view.truth === null ? null : differing(view.functions[i], view.truth));
const mostFound = (counts) => counts.reduce((best, count, i) => (count > counts[best] ? i : best), 0);

// Where several were found equally often, the first of them is taken, and said to be one of them.
function nameMostFrequent(experiment) {
  const counts = view.counts[experiment], most = counts[mostFound(counts)];
  const equal = counts.filter((count) => count === most).length;
  if (equal === 1) return `the most frequent function of ${experiment}`;
  const times = most === 1 ? "once" : `${whole(most)} times`;
  return `one of the ${whole(equal)} most frequent functions of ${experiment}, each found ${times}`;
}
