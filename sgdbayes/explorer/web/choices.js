// Experiment, size of E, domain and axes.

function fillSelect(id, groups) {
  $(id).replaceChildren(...groups.filter(([, options]) => options.length).map(([label, options]) =>
    create("optgroup", { label }, ...options.map(([value, text]) => create("option", { value }, text)))));
  $(id).value = state[id];
}

function fillChoices() {
  const { experiments, posteriors, domains } = viewOf(state.experiment, state.size), models = new Map();
  for (const [name, { task, architecture, optimizer, loss, batch_size: batch }] of Object.entries(facts.experiments)) {
    const model = `${task}, ${architecture}`, option = [name, `${optimizer}, loss ${loss}, batch ${batch} (${name})`];
    models.set(model, [...(models.get(model) ?? []), option]);
  }
  fillSelect("experiment", [...models]);
  $("size").replaceChildren(...sizesOf(state.experiment).map((size) => create("option", { value: size }, size)));
  $("size").value = state.size;
  $("domain").replaceChildren(...upTo(domains).map((number) => {
    const start = number * state.size;
    return create("option", { value: number }, `${number}: points ${start + 1}–${start + state.size}`);
  }));
  $("domain").value = state.domain;
  $("gap-domains").value = state.gap;
  const networks = experiments.map((name) => [`networks:${name}`, `${facts.experiments[name].optimizer} (${name})`]);
  const known = posteriors.map((name) => [`posterior:${name}`, facts.posteriors[name].label]);
  const sides = [["P_OPT: networks trained by", networks], ["P_B: posteriors", known]];
  fillSelect("x", sides);
  fillSelect("y", sides);
  $("about").textContent = facts.experiments[state.experiment].about;
}

// Domain and axes stay where the other view has them.
function changeView(changed) {
  Object.assign(state, changed, { function: null, element: 0 });
  const next = viewOf(state.experiment, state.size);
  if (state.domain >= next.domains) state.domain = 0;
  const usual = usualAxes(state.experiment, next);
  for (const axis of ["x", "y"]) if (!keysOf(next).includes(state[axis])) state[axis] = usual[axis];
}

function changeExperiment(experiment) {
  const size = sizesOf(experiment).includes(state.size) ? state.size : facts.experiments[experiment].start;
  changeView({ experiment, size, x: `networks:${experiment}` });
}
