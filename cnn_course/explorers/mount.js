// On a page without a kernel: a model that lives in the page and in its address.
{
  const name = NAME, values = VALUES;
  const el = document.getElementById(name), listeners = [];
  const kept = new URLSearchParams(location.hash.slice(1)).get(name);
  const model = {
    get: (key) => values[key],
    set: (key, value) => { values[key] = value; },
    on: (event, act) => { listeners.push(act); },
    save_changes: () => {
      const { image, ...rest } = values.state; // a picture of one's own stays where it is
      const address = new URLSearchParams({ [name]: JSON.stringify(rest) });
      try { history.replaceState(null, "", `#${address}`); } catch { /* a page that has no address */ }
    },
  };
  try {
    const found = { ...values.state, ...(kept && JSON.parse(kept)) };
    const images = values.choices.images ?? {}; // an image of one's own is not in the address
    if (!(found.image_name in images)) found.image_name = values.state.image_name;
    found.image = images[found.image_name] ?? values.state.image;
    if (explorer.accepts(found)) values.state = found;
  } catch { /* an address that somebody cut off: begin as usual */ }
  el.replaceChildren();
  explorer.render({ model, el });
}
