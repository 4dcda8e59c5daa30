// On a page without a kernel: a model that lives in the page and in its address.
{
  const name = NAME, values = VALUES;
  const el = document.getElementById(name), listeners = [], first = values.state;
  const { accepts, render, kept = (state) => state, revived = (found) => ({ ...first, ...found }) } = explorer;
  const model = {
    get: (key) => values[key],
    set: (key, value) => { values[key] = value; },
    on: (event, act) => { listeners.push(act); },
    save_changes: () => {
      const address = new URLSearchParams(location.hash.slice(1)); // other explorers' states stay in it
      for (const key of [...address.keys()]) if (!key.startsWith("explorer-")) address.delete(key);
      address.set(name, JSON.stringify(kept(values.state)));
      try { history.replaceState(null, "", `#${address}`); } catch { /* a page that has no address */ }
    },
  };
  const read = () => {
    try {
      const found = JSON.parse(new URLSearchParams(location.hash.slice(1)).get(name));
      const wanted = found && revived(found, { ...values, state: first });
      if (wanted && accepts(wanted, values.choices)) values.state = wanted;
    } catch { /* an address that somebody cut off: what was there stays */ }
  };
  read();
  addEventListener("hashchange", () => {
    read();
    for (const act of listeners) act();
  });
  el.after(...el.childNodes); // the still picture, which goes on paper
  render({ model, el });
}
