// SPDX-License-Identifier: MIT
// Pages that are opened from the disk may not start workers, and the search is one. There a frame does its work: it loads
// the worker's script beside a postMessage and an importScripts of its own. What Material would fetch from the net instead
// (iframe-worker, whose name it looks for) is not there without a net.
if (location.protocol === "file:") {
  window.IFrameWorker = class extends EventTarget {
    constructor(url) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.frame.title = "search";
      document.body.append(this.frame);
      const inside = this.frame.contentWindow;
      inside.postMessage = (data) => {
        const event = new MessageEvent("message", {data});
        this.dispatchEvent(event);
        if (this.onmessage) this.onmessage(event);
      };
      const load = (script) =>
        new Promise((loaded, failed) => {
          const element = inside.document.createElement("script");
          element.src = script;
          element.onload = loaded;
          element.onerror = () => failed(new Error(script + " cannot be loaded"));
          inside.document.body.append(element);
        });
      inside.importScripts = (...scripts) => scripts.reduce((before, script) => before.then(() => load(script)), Promise.resolve());
      this.ready = load(new URL(url, location.href).href);
      this.ready.catch((error) => this.dispatchEvent(new ErrorEvent("error", {message: error.message})));
    }
    postMessage(data) {
      this.ready.then(() => this.frame.contentWindow.dispatchEvent(new MessageEvent("message", {data})), () => {});
    }
    terminate() {
      this.frame.remove();
    }
  };
  window.Worker = window.IFrameWorker;
}
