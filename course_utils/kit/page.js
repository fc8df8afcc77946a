// What answers in a page without a kernel: explorers, whose frames are in films/NAME.js, and polls.
(() => {
  "use strict";
  const FOLDER = document.currentScript.src.replace(/[^/]*$/, "films/");
  const films = new Map(); // name: promise of a film
  const arrived = {}; // name: what to do with it when its file has been read
  window.ladderFilm = (name, film) => arrived[name](film);

  function load(name) {
    if (!films.has(name)) {
      films.set(name, new Promise((resolve) => { arrived[name] = resolve; }));
      const script = document.createElement("script");
      script.src = `${FOLDER}${name}.js`;
      document.head.append(script);
    }
    return films.get(name);
  }

  // Each kind of dial: how many places it has, where it stands, where one step leads, how it says so.
  const DIALS = {
    range: (input) => {
      const texts = JSON.parse(input.dataset.texts);
      const readout = input.closest(".ladder-dial").querySelector(".ladder-readout");
      const tell = () => {
        readout.textContent = texts[input.value];
        input.setAttribute("aria-valuetext", texts[input.value]);
      };
      const place = () => Number(input.value);
      return { size: texts.length, place, steps: () => [place() - 1, place() + 1], tell };
    },
    select: (input) => ({
      size: input.length,
      place: () => input.selectedIndex,
      steps: () => [input.selectedIndex - 1, input.selectedIndex + 1],
      tell() {},
    }),
    checkbox: (input) => ({
      size: 2,
      place: () => Number(input.checked),
      steps: () => [Number(!input.checked)],
      tell() {},
    }),
    buttons: (group) => {
      const words = JSON.parse(group.dataset.words);
      const buttons = [...group.querySelectorAll("button")];
      const next = ({ dataset: { letter } }) => (letter ? words.indexOf(words[place] + letter) : 0);
      let place = 0;
      group.addEventListener("click", ({ target }) => {
        const button = target.closest("button");
        if (!button || next(button) < 0) return;
        place = next(button);
        group.dispatchEvent(new Event("input", { bubbles: true }));
      });
      const tell = () => buttons.forEach((b) => b.setAttribute("aria-disabled", next(b) < 0));
      return { size: words.length, place: () => place, steps: () => buttons.map(next), tell };
    },
  };

  function explorer(box) {
    const dials = [...box.querySelectorAll("[data-dial]")].map((d) => DIALS[d.dataset.dial](d));
    let picture = box.querySelector("img");
    const said = box.querySelector(".ladder-said");
    const source = (data) => `data:image/webp;base64,${data}`;
    let film;
    let moves = 0;
    let near = new Map(); // the pictures one step away, decoded already: number: image
    const image = (number) => {
      const next = near.get(number) ?? picture.cloneNode();
      if (!near.has(number)) next.src = source(film.pictures[number]);
      return next;
    };
    const at = (places) => film.frames[dials.reduce((sum, d, i) => sum * d.size + places[i], 0)];
    const decodeNear = () => {
      const here = dials.map((dial) => dial.place());
      const wanted = dials.flatMap((dial, i) => dial.steps()
        .filter((place) => place >= 0 && place < dial.size)
        .map((place) => at(here.with(i, place))[0]));
      near = new Map(wanted.map((number) => [number, image(number)]));
      near.forEach((next) => next.decode().catch(() => {})); // taken away before it was decoded
    };
    let ready;
    const prepare = () => ready ??= (async () => {
      const read = await load(box.dataset.film);
      const ground = new Image();
      ground.alt = "";
      ground.src = source(read.ground);
      await ground.decode();
      picture.before(ground);
      film = read;
      decodeNear();
    })();
    box.addEventListener("input", async () => {
      dials.forEach((dial) => dial.tell());
      if (!film) await prepare();
      const [number, alt] = at(dials.map((dial) => dial.place()));
      const next = image(number);
      const move = ++moves;
      if (!near.has(number)) await next.decode();
      if (move !== moves) return; // overtaken by a later one
      next.alt = said.textContent = alt;
      picture.replaceWith(next);
      picture = next;
      setTimeout(decodeNear);
    });
    new IntersectionObserver((entries, observer) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      prepare();
    }, { rootMargin: "100%" }).observe(box);
  }

  function poll(box) {
    const [options, verdict, again, demo] = ["options", "verdict", "again", "demo"].map((name) =>
      box.querySelector(`.ladder-${name}`));
    const turn = (text) => {
      verdict.innerHTML = text;
      options.hidden = text !== "";
      again.hidden = text === "";
      if (demo) demo.hidden = text === "";
      (text ? again : options.querySelector("button")).focus({ preventScroll: true });
    };
    options.addEventListener("click", ({ target }) => {
      const chosen = target.closest("button");
      if (chosen) turn(chosen.nextElementSibling.innerHTML);
    });
    again.addEventListener("click", () => turn(""));
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".ladder-explorer").forEach(explorer);
    document.querySelectorAll(".ladder-poll").forEach(poll);
  });
})();
