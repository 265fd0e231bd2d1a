// Experiment, size of E and axes.

function fillSelect(id, groups) {
  $(id).replaceChildren(...groups.filter(([, options]) => options.length).map(([label, options]) =>
    create("optgroup", { label }, ...options.map(([value, text]) => create("option", { value }, text)))));
  $(id).value = state[id];
}

function fillChoices() {
  const { experiments, posteriors } = domainOf(state.experiment, state.size), models = new Map();
  for (const [name, { task, architecture, optimizer, loss, batch_size: batch }] of Object.entries(facts.experiments)) {
    const model = `${task}, ${architecture}`, option = [name, `${optimizer}, loss ${loss}, batch ${batch} (${name})`];
    models.set(model, [...(models.get(model) ?? []), option]);
  }
  fillSelect("experiment", [...models]);
  $("size").replaceChildren(...sizesOf(state.experiment).map((size) => create("option", { value: size }, size)));
  $("size").value = state.size;
  const networks = experiments.map((name) => [`networks:${name}`, `${facts.experiments[name].optimizer} (${name})`]);
  const known = posteriors.map((name) => [`posterior:${name}`, facts.posteriors[name].label]);
  const sides = [["P_OPT: networks trained by", networks], ["P_B: posteriors", known]];
  fillSelect("x", sides);
  fillSelect("y", sides);
  $("about").textContent = facts.experiments[state.experiment].about;
}

// Axes stay where the other domain has them.
function changeDomain(changed) {
  Object.assign(state, changed, { function: null, element: 0 });
  const next = domainOf(state.experiment, state.size), usual = usualAxes(state.experiment, next);
  for (const axis of ["x", "y"]) if (!keysOf(next).includes(state[axis])) state[axis] = usual[axis];
}

function changeExperiment(experiment) {
  const size = sizesOf(experiment).includes(state.size) ? state.size : facts.experiments[experiment].start.size;
  changeDomain({ experiment, size, x: `networks:${experiment}` });
}
