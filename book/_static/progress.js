/* Which parts of a chapter are done: sections, exercises and quiz questions; what was answered; and,
   counted apart since nobody has to do them, the tasks of explorers.

   It is kept in this browser alone (localStorage, one entry for each place where the course lies, since
   all sites of a host share it) and never sent anywhere. Without
   scripts, or where a browser keeps nothing, the pages are what they are without this file. */
(() => {
  "use strict";

  const ROOT = new URL("..", document.currentScript.src).pathname; // of the course, on its host
  const ENTRY = `cnn-course-progress:${ROOT}`;

  const FULL = "The last change was not kept: this browser has no room left for this site. " +
    "Clear a page, or the site's data in the browser's settings.";

  const isTable = (found) => typeof found === "object" && found !== null && !Array.isArray(found);

  function read() {
    try {
      const known = JSON.parse(localStorage.getItem(ENTRY));
      return isTable(known) ? known : {};
    } catch {
      return {}; // damaged by somebody else: begin anew
    }
  }

  let isFull = false; // then what was kept stays, and the reader is told

  function write(known) {
    try {
      localStorage.setItem(ENTRY, JSON.stringify(known));
      isFull = false;
    } catch {
      isFull = true;
    }
  }

  function keepsAnything() {
    try {
      const probe = `${ENTRY}-probe`;
      localStorage.setItem(probe, "");
      localStorage.removeItem(probe);
      return true;
    } catch (refused) {
      return refused.name === "QuotaExceededError" && localStorage.length > 0; // full, and readable
    }
  }

  const nameOf = (path) => decodeURIComponent(path.split("/").pop()).replace(/\.html$/, "");
  const isChapter = (path) => path.startsWith(`${ROOT}notebooks/`);
  const plural = (n, one) => `${n} ${one}${n === 1 ? "" : "s"}`;

  /* What is known of one chapter, whatever stands in the entry. */
  function chapter(known, name) {
    const { done, answered, parts, questions, tasks, answers } = known[name] ?? {};
    const texts = (list) => (Array.isArray(list) ? list.filter((id) => typeof id === "string") : []);
    return {
      done: new Set(texts(done)),
      answered: new Set(texts(answered)),
      parts: Number(parts) || 0,
      questions: Number(questions) || 0,
      tasks: Number(tasks) || 0,
      solved: new Set(texts(answers?.tasks)),
      answers: isTable(answers) ? answers : {},
    };
  }

  function keep(name, state) {
    const known = read();
    known[name] = { ...state, done: [...state.done], answered: [...state.answered], solved: undefined };
    write(known);
  }

  function said(state) {
    const parts = `${state.done.size} of ${plural(state.parts, "part")} done`;
    const questions = `, ${state.answered.size} of ${plural(state.questions, "question")} answered`;
    const tasks = `, ${state.solved.size} of ${plural(state.tasks, "task")} solved`;
    return parts + (state.questions ? questions : "") + (state.tasks ? tasks : "");
  }

  /* The parts of a chapter: its sections, and the exercises in them. */
  function parts() {
    const headings = document.querySelectorAll(".bd-article section[id] > :is(h2, h3)");
    return [...headings]
      .map((heading) => ({ heading, id: heading.parentElement.id, text: textOf(heading) }))
      .filter(({ heading, text }) => heading.tagName === "H2" || text.startsWith("Exercise:"));
  }

  function textOf(heading) {
    const copy = heading.cloneNode(true);
    copy.querySelectorAll(".headerlink").forEach((link) => link.remove());
    return copy.textContent.trim();
  }

  function button(text, label) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    if (label) made.setAttribute("aria-label", label);
    return made;
  }

  function onChapter() {
    const name = nameOf(location.pathname);
    const all = parts();
    const questions = [...document.querySelectorAll(".course-quiz")];
    const tasks = new Set([...document.querySelectorAll("[data-task]")].map((one) => one.dataset.task));
    const line = document.createElement("p");
    line.className = "course-progress";
    const count = document.createElement("span");
    count.setAttribute("role", "status");
    const clear = button("Clear this page");
    line.append(count, " ", clear);
    document.querySelector(".bd-article h1")?.after(line);

    const toggles = all.map(({ heading, id, text }) => {
      const toggle = button("Done", `Done: ${text}`);
      toggle.className = "course-done";
      toggle.addEventListener("click", () => {
        const state = current();
        if (!state.done.delete(id)) state.done.add(id);
        keep(name, state);
        show();
      });
      heading.after(toggle);
      return { id, toggle };
    });
    questions.forEach((question) => {
      const id = question.dataset.name;
      question.querySelectorAll("details").forEach((option) =>
        option.addEventListener("toggle", () => {
          const state = current();
          if (!option.open || state.answered.has(id)) return;
          state.answered.add(id);
          keep(name, state);
          show();
        })
      );
    });
    clear.addEventListener("click", () => {
      const known = read();
      delete known[name];
      write(known);
      document.dispatchEvent(new Event("course-cleared"));
      show();
    });

    /* What exercises.js keeps here, and tells. */
    window.courseProgress = {
      answer: (exercise) => current().answers[exercise],
      keepAnswer: (exercise, answer) => {
        const state = current();
        state.answers[exercise] = answer;
        keep(name, state);
        show();
      },
      markDone: (id) => {
        const state = current();
        state.done.add(id);
        keep(name, state);
        show();
      },
    };

    /* What is kept, without parts that a newer page no longer has. */
    function current() {
      const state = chapter(read(), name);
      const ids = new Set(all.map(({ id }) => id));
      const names = new Set(questions.map((one) => one.dataset.name));
      state.done = new Set([...state.done].filter((id) => ids.has(id)));
      state.answered = new Set([...state.answered].filter((id) => names.has(id)));
      state.solved = new Set([...state.solved].filter((task) => tasks.has(task)));
      return { ...state, parts: all.length, questions: questions.length, tasks: tasks.size };
    }

    function show() {
      const state = current();
      count.textContent = `${said(state)}.${isFull ? ` ${FULL}` : ""}`;
      const kept = state.done.size + state.answered.size + Object.keys(state.answers).length;
      clear.hidden = kept === 0;
      toggles.forEach(({ id, toggle }) =>
        toggle.setAttribute("aria-pressed", String(state.done.has(id)))
      );
      inSidebar();
    }
    return show;
  }

  /* Beside each chapter of the sidebar: how many of its parts are done. */
  function inSidebar() {
    const known = read();
    document.querySelectorAll(".bd-links a.reference.internal").forEach((link) => {
      link.querySelector(".course-count")?.remove();
      const path = new URL(link.href).pathname;
      const state = chapter(known, nameOf(path));
      if (!isChapter(path) || !state.done.size) return;
      const count = document.createElement("span");
      count.className = "course-count";
      count.textContent = `${state.done.size}/${state.parts}`;
      count.setAttribute("aria-label", `, ${said(state)}`);
      count.setAttribute("role", "img");
      link.append(count);
    });
  }

  /* On a page that asks for it: all chapters that were begun, and a way to forget them. */
  function overview(place) {
    const links = [...document.querySelectorAll(".bd-links a.reference.internal")];
    const chapters = links.map((link) => new URL(link.href).pathname).filter(isChapter).map(nameOf);
    const show = () => {
      const known = read();
      const begun = chapters
        .map((name) => [name, chapter(known, name)])
        .filter(([, state]) => state.done.size + state.answered.size + state.solved.size);
      const list = document.createElement("ul");
      begun.forEach(([name, state]) => {
        const item = document.createElement("li");
        item.textContent = `${name}: ${said(state)}`;
        list.append(item);
      });
      const clear = button("Clear everything");
      clear.addEventListener("click", () => {
        localStorage.removeItem(ENTRY);
        show();
        inSidebar();
      });
      const nothing = document.createElement("p");
      nothing.textContent = "You have not marked anything as done in this browser yet.";
      place.replaceChildren(begun.length ? list : nothing, ...(Object.keys(known).length ? [clear] : []));
    };
    return show;
  }

  document.addEventListener("DOMContentLoaded", () => {
    if (!keepsAnything()) return;
    const shows = [inSidebar];
    if (isChapter(location.pathname)) shows.push(onChapter());
    const place = document.getElementById("course-progress");
    if (place) shows.push(overview(place));
    const showAll = () => shows.forEach((show) => show());
    showAll();
    window.addEventListener("storage", showAll); // another tab
  });
})();
