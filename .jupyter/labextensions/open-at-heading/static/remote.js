// A link into the middle of a notebook that is not open yet opens it at its top: JupyterLab 4 looks
// for the heading before any cell is drawn. This waits until it is.
(() => {
  let shared;
  const activate = async () => {
    const { NotebookPanel } = (await Object.values(shared["@jupyterlab/notebook"])[0].get())();
    const scroll = NotebookPanel.prototype.setFragment;
    NotebookPanel.prototype.setFragment = function (fragment) {
      const heading = `[data-jupyter-id="${CSS.escape(fragment.slice(1))}"]`;
      const drawn = () => this.node.querySelector(heading);
      if (drawn()) return scroll.call(this, fragment);
      const watch = new MutationObserver(() => {
        if (!drawn()) return;
        watch.disconnect();
        setTimeout(() => scroll.call(this, fragment), 0);
      });
      watch.observe(this.node, { childList: true, subtree: true });
    };
  };
  const plugin = { id: "open-at-heading:plugin", autoStart: true, activate };
  const extension = () => ({ __esModule: true, default: plugin });
  (window._JUPYTERLAB ??= {})["open-at-heading"] = {
    init: (scope) => { shared = scope; },
    get: async () => extension,
  };
})();
