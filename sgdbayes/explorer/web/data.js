// What the page holds: facts on all experiments, and, packed, the elements of each task, plotly.js, and views. A view
// is a model and a size of E, with the experiments and posteriors known on it, their statistics, and its domains.

const facts = JSON.parse($("facts").textContent);
const viewsOf = (experiment) => facts.views.filter((each) => each.experiments.includes(experiment));
const sizesOf = (experiment) => viewsOf(experiment).map((each) => each.size);
const viewOf = (experiment, size) => viewsOf(experiment).find((each) => each.size === size);
const upTo = (number) => Array.from({ length: number }, (_, k) => k);

// Those of the page as it is shown.
let view, domain, elements;

async function unpack(id) {
  const bytes = Uint8Array.from(atob($(id).textContent), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

const unpacked = new Map();
function unpackOnce(id, read) {
  if (!unpacked.has(id)) unpacked.set(id, unpack(id).then(read));
  return unpacked.get(id);
}

// Numbers are whole, so that the page is small.
const parts = (values, scale) => values?.map((value) => (value === null ? null : value / scale));

function readDomain(read) {
  const codes = read.functions.map(hexadecimal);
  const posteriors = Object.entries(read.posteriors).map(([name, { log_p: logs, se, draws }]) =>
    [name, { log_p: parts(logs, -100), se: parts(se, 1000), draws }]);
  const byCode = new Map(codes.map((code, i) => [code, i]));
  return { ...read, posteriors: Object.fromEntries(posteriors), codes, byCode };
}

function load(experiment, size) {
  const wanted = viewOf(experiment, size);
  function readView(text) {
    const { domains, statistics } = JSON.parse(text);
    return { ...wanted, domains: domains.map(readDomain), statistics };
  }
  return Promise.all([
    unpackOnce(`view-${facts.views.indexOf(wanted)}`, readView),
    unpackOnce(`elements-${facts.experiments[experiment].task}`, JSON.parse),
  ]);
}

// A row of comparison.csv, and that of studies.csv if it is over several training sets.
function statisticsOf(experiment, posterior) {
  const { own, name, study } = view.statistics[`${experiment} ${posterior}`] ?? {};
  const read = (row) => row && Object.fromEntries([...facts.statistics, "seeds"].map((column, k) => [column, row[k]]));
  return { own: read(own), name, study: read(study) };
}

// Why there is no r, or no gap.
const reason = ({ note }, what) => (note ?? "").split("; ").find((part) => part.startsWith(`no ${what}`)) ?? note;

function runPlotly(text) {
  const src = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  return new Promise((resolve, reject) => {
    const onerror = () => reject(new Error("plotly.js does not run"));
    document.head.append(create("script", { src, onload: () => resolve(globalThis.Plotly), onerror }));
  });
}

const wrong = (i) => (domain.truth === null ? null : differing(domain.functions[i], domain.truth));
const mostFound = (counts) => counts.reduce((best, count, i) => (count > counts[best] ? i : best), 0);

// Where several were found equally often, the first of them is taken, and said to be one of them.
function nameMostFrequent(experiment) {
  const counts = domain.counts[experiment], most = counts[mostFound(counts)];
  const equal = counts.filter((count) => count === most).length;
  if (equal === 1) return `the most frequent function of ${experiment}`;
  const times = most === 1 ? "once" : `${whole(most)} times`;
  return `one of the ${whole(equal)} most frequent functions of ${experiment}, each found ${times}`;
}
