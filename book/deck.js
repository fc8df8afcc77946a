// A deck: reveal.js, keys that know what they stand on, slides as high as the screen.
(() => {
  "use strict";
  const printing = /print-pdf/.test(location.search);
  window.MathJax = {
    tex: { inlineMath: [["$", "$"], ["\\(", "\\)"]] },
    options: { enableMenu: false },
    startup: { pageReady: () => MathJax.startup.defaultPageReady().then(typeset) },
  };

  function typeset() {
    // The speaker's view has no style that hides what is for screen readers only.
    document.querySelectorAll(".notes mjx-assistive-mml").forEach((spoken) => spoken.remove());
    document.querySelectorAll("mjx-container:not([display])").forEach(keep);
    if (printing) start();
    else fit();
  }

  // No line begins with the stop that belongs to the formula before it.
  function keep(formula) {
    const after = formula.nextSibling;
    if (!/^[-.,:;?!)'’]/.test(after?.data) || formula.querySelectorAll(":scope > svg").length > 1) return;
    const together = document.createElement("span");
    together.style.whiteSpace = "nowrap";
    formula.before(together);
    after.splitText(/[^-.,:;?!)'’]|$/.exec(after.data).index);
    together.append(formula, after);
  }

  function start() {
    Reveal.initialize({
      width: 1280, height: 720, margin: 0, center: false, controls: false, transition: "none",
      hash: true, navigationMode: "linear", slideNumber: "c/t", postMessageEvents: true,
      pdfSeparateFragments: false, defaultTiming: 0,
      keyboard: {
        78: () => Reveal.configure({ showNotes: !Reveal.getConfig().showNotes }), // N
        83: () => RevealNotes.open(), // S
      },
    });
  }

  // Of a full slide the text is set smaller, at 16 points; then figures take the room that is left,
  // or give way, as far as they can be read from the back row.
  const [SMALLEST, LARGEST] = [0.97, 1.3];
  function fit() {
    const slides = printing ? document.querySelectorAll(".cells") : [here()?.querySelector(".cells")];
    for (const slide of slides) {
      const figures = [...(slide?.querySelectorAll(".output > img, .ladder-picture") ?? [])];
      figures.forEach((figure) => { figure.style.width = ""; });
      slide?.classList.remove("tight");
      slide?.classList.toggle("tight", slide.scrollHeight > slide.clientHeight);
      const height = figures.reduce((sum, figure) => sum + figure.offsetHeight, 0);
      if (!height) continue;
      const last = slide.lastElementChild;
      const room = slide.clientHeight - 30 - last.offsetTop - last.offsetHeight;
      const widest = Math.max(...figures.map((figure) => figure.offsetWidth));
      const most = Math.min(LARGEST, (slide.clientWidth - 48) / widest);
      const scale = Math.min(most, Math.max(SMALLEST, 1 + room / height));
      const widths = figures.map((figure) => scale * figure.offsetWidth);
      figures.forEach((figure, i) => { if (widths[i]) figure.style.width = `${widths[i]}px`; });
    }
  }
  const here = () => (Reveal.isReady() ? Reveal.getCurrentSlide() : null);

  // A control keeps the keys that move it. Space and Enter press what was reached with Tab: a
  // lecturer who has clicked an answer goes on with Space. All other keys are the deck's.
  const MOVE = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
  const PRESS = [" ", "Enter"];
  let tabbed = false;
  addEventListener("pointerdown", () => { tabbed = false; }, true);
  addEventListener("keydown", (event) => {
    tabbed ||= event.key === "Tab";
    const control = event.target.closest?.(".slides :is(input, select, button, summary, a)");
    if (!control || event.ctrlKey || event.altKey || event.metaKey) return;
    const moves = control.matches('[type="range"], select') && MOVE.includes(event.key);
    const presses = tabbed && control.type !== "range" && PRESS.includes(event.key);
    if (moves || presses) {
      event.stopPropagation();
    } else if (!["Tab", "Shift"].includes(event.key)) {
      control.blur(); // reveal.js hears no key while an input has the focus
    }
  }, true);

  // An answer opens the demonstration as the next step of the slide, in the question's place.
  document.addEventListener("click", ({ target }) => {
    const demo = target.closest(".ladder-poll")?.querySelector(".ladder-demo");
    if (demo && target.closest("button")) {
      demo.classList.toggle("fragment", !demo.hidden);
      demo.classList.remove("visible");
      Reveal.syncFragments(here());
    }
    fit();
  });

  // On paper it has a page of its own, as no answer is given there.
  function unfold() {
    for (const demo of document.querySelectorAll(".ladder-demo")) {
      const slide = document.createElement("section");
      slide.innerHTML = '<div class="cells"><div class="output"></div></div>';
      demo.closest("section").after(slide);
      slide.querySelector(".output").append(demo);
      demo.hidden = false;
    }
  }
  document.addEventListener("DOMContentLoaded", () => {
    Reveal.addEventListener("slidechanged", () => {
      if (!here().contains(document.activeElement)) document.activeElement.blur();
    });
    for (const event of ["ready", "slidechanged", "fragmentshown", "fragmenthidden", "pdf-ready"]) {
      Reveal.addEventListener(event, fit);
    }
    document.addEventListener("toggle", fit, true);
    if (!printing) return start();
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = "assets/reveal/css/print/pdf.css";
    document.querySelector('link[href$="code.css"]').before(style);
    unfold();
  });
})();
