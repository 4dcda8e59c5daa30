/* The buttons for the chapters and for the contents of a page. The theme's scripts bind to the first
   of each kind, which stands in a header that is not shown: hand every click on to it. Two more
   buttons had their scripts in an attribute, which no page of the course may run. */
document.addEventListener("DOMContentLoaded", () => {
  for (const kind of ["primary", "secondary"]) {
    const bound = document.querySelector(`#pst-header .${kind}-toggle`);
    for (const seen of document.querySelectorAll(`.btn.${kind}-toggle`)) {
      seen.addEventListener("click", () => bound?.click());
    }
  }
  const acts = { "download-pdf": () => print(), fullscreen: () => toggleFullScreen() };
  for (const [kind, act] of Object.entries(acts)) {
    document.querySelector(`.btn-${kind}-button`)?.addEventListener("click", act);
  }
});

/* The theme and the search keep things in this browser and do not ask whether there is room. */
{
  const keep = Storage.prototype.setItem;
  Storage.prototype.setItem = function (name, value) {
    try {
      keep.call(this, name, value);
    } catch (full) {
      if (!/^(mode|theme|sphinx_|pst_)/.test(name)) throw full;
    }
  };
}
