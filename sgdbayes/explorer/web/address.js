// What is shown, and the address that says it.

const state = {};

function usualAxes(experiment, { experiments, posteriors }) {
  const start = facts.experiments[experiment].start.posterior;
  const posterior = posteriors.includes(start) ? start : posteriors[0];
  const other = experiments.find((name) => name !== experiment) ?? experiment;
  return { x: `networks:${experiment}`, y: posterior ? `posterior:${posterior}` : `networks:${other}` };
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
  const size = Number(take("size", "size of E", sizesOf(experiment), facts.experiments[experiment].start.size));
  const named = domainOf(experiment, size), usual = usualAxes(experiment, named);
  Object.assign(state, {
    experiment,
    size,
    x: take("x", "axis", keysOf(named), usual.x),
    y: take("y", "axis", keysOf(named), usual.y),
    sort: take("sort", "order", Object.keys(ORDERS), "x"),
    function: given.get("function"),
    element: take("element", "element of E", Array.from({ length: size }, (_, e) => e + 1), 1) - 1,
  });
  return unknown;
}

function writeAddress() {
  const kept = Object.entries({ ...state, element: state.element + 1 }).filter(([, value]) => value != null);
  history.replaceState(null, "", `#${new URLSearchParams(kept)}`);
}
