// What is shown, and the address that says it.

const state = {};

function usualAxes(experiment, { experiments, posteriors }) {
  const other = experiments.find((name) => name !== experiment) ?? experiment;
  return { x: `networks:${experiment}`, y: posteriors.length ? `posterior:${posteriors[0]}` : `networks:${other}` };
}

// What the address names but is not there is returned, and the nearest thing taken.
function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1)), unknown = [];
  function take(key, what, allowed, usual) {
    const value = given.get(key);
    if (allowed.map(String).includes(value)) return value;
    if (value !== null) unknown.push(`${what} “${value}”`);
    return usual;
  }
  const names = Object.keys(facts.experiments), experiment = take("experiment", "experiment", names, names[0]);
  const size = Number(take("size", "size of E", sizesOf(experiment), facts.experiments[experiment].start));
  const named = viewOf(experiment, size), usual = usualAxes(experiment, named);
  Object.assign(state, {
    experiment,
    size,
    domain: Number(take("domain", "domain", upTo(named.domains), 0)),
    gap: take("gap", "histogram of domains", ["all", "one"], "all"),
    x: take("x", "axis", keysOf(named), usual.x),
    y: take("y", "axis", keysOf(named), usual.y),
    sort: take("sort", "order", Object.keys(ORDERS), "x"),
    function: given.get("function"),
    element: take("element", "element of E", upTo(size).map((e) => e + 1), 1) - 1,
  });
  return unknown;
}

function writeAddress() {
  const kept = Object.entries({ ...state, element: state.element + 1 }).filter(([, value]) => value != null);
  history.replaceState(null, "", `#${new URLSearchParams(kept)}`);
}
