// On a page without a kernel: a model that lives in the page and in its address.
{
  const name = NAME, values = VALUES;
  const el = document.getElementById(name), listeners = [], first = values.state;
  const { accepts, render, kept = (state) => state, revived = (found) => ({ ...first, ...found }) } = explorer;
  /** Names of tasks that are done: what progress.js keeps of this page, whatever stands there. */
  const done = () => {
    const found = window.courseProgress?.answer("tasks");
    return Array.isArray(found) ? found.filter((one) => typeof one === "string") : [];
  };
  // A line of the pen and a pull at a slider are kept at their end: browsers refuse a hundred addresses in a few seconds.
  let held = false, waits = false;
  el.addEventListener("pointerdown", ({ target }) => { held = target.matches("canvas, [type=range]"); }, true);
  for (const end of ["pointerup", "pointercancel"]) {
    addEventListener(end, () => {
      held = false;
      if (waits) model.save_changes();
    });
  }
  const model = {
    view: {}, // what is looked at, which changes nothing: places by name
    get: (key) => values[key],
    set: (key, value) => {
      values[key] = value;
      if (key === "done") window.courseProgress?.keepAnswer("tasks", [...new Set([...done(), ...value])]);
    },
    on: (event, act) => { listeners.push(act); },
    save_changes: () => {
      waits = held;
      if (held) return;
      const address = new URLSearchParams(location.hash.slice(1)); // other explorers' states stay in it
      for (const key of [...address.keys()]) if (!key.startsWith("explorer-")) address.delete(key);
      const view = Object.keys(model.view).length ? { view: model.view } : {};
      address.set(name, JSON.stringify({ ...kept(values.state), ...view }));
      try { history.replaceState(null, "", `#${address}`); } catch { /* a page that has no address */ }
    },
  };
  const text = () => new URLSearchParams(location.hash.slice(1)).get(name);
  /** The state in the address, with nothing else; null if there is none, false if it cannot be shown. */
  const linked = () => {
    if (text() === null) return null;
    try {
      const found = revived(JSON.parse(text()), { ...values, state: first });
      const state = Object.fromEntries(Object.keys(first).map((key) => [key, found[key]]));
      const named = Object.keys(first).every((key) => !key.endsWith("_name") || typeof state[key] === "string");
      return named && accepts(state, values.choices) && state;
    } catch {
      return false; // somebody cut it off
    }
  };
  /** Show the state in the address; if it cannot be, what was there before, and say so. */
  const take = (before, show) => {
    const wanted = linked();
    let shown = false;
    if (wanted) {
      values.state = wanted;
      model.view = { ...JSON.parse(text())?.view };
      try { show(); shown = true; } catch { /* what `accepts` overlooks */ }
    }
    if (shown) return;
    values.state = before;
    show();
    if (wanted !== null) {
      el.querySelector(".explorer-message").textContent =
        "The link has values for this explorer that it cannot show. It shows its own.";
    }
  };
  const still = [...el.childNodes];
  el.after(...still); // the still picture, which goes on paper
  try {
    take(first, () => {
      listeners.length = 0;
      el.replaceChildren();
      render({ model, el });
    });
  } catch (error) {
    el.replaceChildren(...still);
    throw error;
  }
  const known = () => {
    values.done = done();
    listeners.forEach((act) => act());
  };
  document.addEventListener("DOMContentLoaded", known); // progress.js begins with it, too
  document.addEventListener("course-cleared", known);
  addEventListener("hashchange", () => take(values.state, () => listeners.forEach((act) => act())));
}
