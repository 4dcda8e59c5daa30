// What there is to try in the digit network, apart from it: see `tasks` in panel.mjs.
export const DIGIT_TASKS = [
  { name: "task-digit-own", text: "draw a digit of which the network is more than 0.9 sure.",
    shows: "It was trained on digits of other people, in the middle of the picture, white on black: yours looks like them.",
    done: ({ drawing_name }, { probabilities }) => drawing_name === "own" && Math.max(...probabilities) > 0.9 },
  { name: "task-digit-empty", text: "clear the drawing, and look at conv_1. Why are two of its maps not black?",
    shows: "All pixels are 0, so that nothing but the bias is left of each sum. Where it is positive, ReLU lets it through.",
    done: ({ drawing, layer }) => layer === "conv_1" && !/[1-9a-f]/.test(drawing) },
  { name: "task-digit-doubt", text: "make the network doubt: give two digits at least 0.3 each.",
    shows: "The ten probabilities share a 1. Half a 4 and half a 9 is what the network can say; \u201cno digit\u201d it cannot.",
    done: (state, { probabilities }) => [...probabilities].sort((a, b) => b - a)[1] >= 0.3 },
];
