// A lecture is ready in one step: when every cell has run, the slides begin at the first.
define(["base/js/namespace", "base/js/promises", "notebook/js/promises"], (Jupyter, promises) => {
  const until = (condition) =>
    new Promise((done) => {
      const timer = setInterval(() => condition() && (clearInterval(timer), done()), 100);
    });

  // Every slide names its section, but the one that begins it.
  const name = document.createElement("div");
  name.id = "section-name";
  const say = () => {
    const slide = document.querySelector(".reveal .slides > section.present section.present");
    const before = [...document.querySelectorAll(".reveal .slides h2")].filter(
      (h2) => slide && slide.compareDocumentPosition(h2) & Node.DOCUMENT_POSITION_PRECEDING,
    );
    const begins = !slide || slide.querySelector("h1, h2") || !before.length;
    const title = begins ? document.createElement("h2") : before.pop().cloneNode(true);
    title.querySelectorAll("script, [class*=Preview], [class*=Assistive]").forEach((it) => it.remove());
    name.textContent = title.textContent.replace("¶", ""); // a formula's text once
  };
  document.body.append(name);
  ["ready", "slidechanged"].forEach((event) => document.addEventListener(event, say));

  // What a key brings is in sight, on a slide that is higher than the screen too.
  document.addEventListener("fragmentshown", ({ fragment }) => {
    const slide = fragment.closest("section");
    const [shown, screen] = [fragment, slide].map((it) => it.getBoundingClientRect());
    slide.scrollTop += Math.max(0, Math.min(shown.top - screen.top, shown.bottom - screen.bottom));
  });

  // A control keeps the keys that move it, and what was reached with Tab those that press it; a
  // lecturer who has clicked an answer goes on with Space. The slides listen on the document.
  const MOVE = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
  let tabbed = false;
  addEventListener("pointerdown", () => (tabbed = false), true);
  addEventListener("keydown", ({ key }) => (tabbed ||= key === "Tab"), true);
  document.body.addEventListener("keydown", (event) => {
    const on = (controls) => event.target.closest(controls);
    const moves = MOVE.includes(event.key) && on(".widget-slider, .widget-dropdown");
    const presses = tabbed && [" ", "Enter"].includes(event.key)
      && on(".widget-button, .widget-checkbox, .widget-dropdown, summary");
    if (moves || presses) event.stopPropagation();
  });

  // A question that hides the pressed button hands the focus to the one that it shows instead.
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest(".widget-vbox > .widget-button");
    if (!button) return;
    const boxes = [button.parentElement, button.parentElement.parentElement];
    await until(() => !button.checkVisibility());
    const buttons = ":scope > .widget-button, :scope > .widget-vbox > .widget-button";
    boxes.flatMap((box) => [...box.querySelectorAll(buttons)]).find((it) => it.checkVisibility())
      ?.focus({ preventScroll: true });
  });

  promises.notebook_loaded.then(async () => {
    const notebook = Jupyter.notebook;
    // Unlike Jupyter's Run All, it does not stop at an error, nor does it select the last cell,
    // at which the slides would then begin.
    notebook.execute_all_cells = () => notebook.get_cells().forEach((cell) => cell.execute(false));

    await until(() => notebook.kernel && notebook.kernel.is_connected() && notebook.kernel.widget_manager);
    // The widgets ask a new kernel for those it has, then draw all outputs anew: not over ours.
    await notebook.kernel.widget_manager._loadFromKernel();
    notebook.execute_all_cells();
    const actions = notebook.keyboard_manager.actions;
    await until(() => !document.querySelector(".cell.running") && actions.exists("RISE:slideshow"));
    if (document.body.classList.contains("rise-enabled")) return; // the lecturer was faster
    notebook.select(0);
    actions.call("RISE:slideshow");
  });
});
