// Cases in turn, round after round, and what their samples say.

const LEAST = 128;

/** The value that a share of the sorted numbers lies below; 0.5 is the median. */
export function quantile(numbers, share) {
  const sorted = [...numbers].sort((one, other) => one - other);
  const place = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low + (high - low) * (place % 1);
}

export const median = (numbers) => quantile(numbers, 0.5);

/** How far the middle half of the numbers reaches, as a share of their median. */
export const spread = (numbers) => (quantile(numbers, 0.75) - quantile(numbers, 0.25)) / median(numbers);

/**
 * Runs each case once a round, in an order that turns: a machine that is slow for a while is so for all of them. A case has a
 * `name`, `run`, which gives numbers by metric, and `prepare`, which is not measured. Name -> metric -> a number for each round.
 */
export async function interleave(cases, { rounds, say }) {
  const samples = Object.fromEntries(cases.map(({ name }) => [name, {}]));
  for (let round = 0; round < rounds; round += 1) {
    say(`round ${round + 1} of ${rounds}`);
    for (const { name, prepare, run } of round % 2 === 0 ? cases : [...cases].reverse()) {
      try {
        await prepare?.();
        // What the one before has left behind is not for this one to clear away.
        globalThis.gc?.({ type: 'minor' });
        for (const [metric, number] of Object.entries(await run())) (samples[name][metric] ??= []).push(number);
      } catch (cause) {
        throw new Error(`${name}: ${cause.message}`, { cause });
      }
    }
  }
  return samples;
}

/** How often one is the other, by the pairs of a round: the median, and between what the middle half lies. */
export function ratio(ones, others) {
  const ratios = ones.map((one, round) => one / others[round]);
  return { ratio: median(ratios), low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) };
}

/** How many calls take about so many milliseconds once everything is compiled: more than are under way at once, and `most`. */
export async function countFor(milliseconds, act, { most = 100_000, prepare } = {}) {
  const timed = async (count) => {
    await prepare?.(count);
    const begun = performance.now();
    await act(count);
    return performance.now() - begun;
  };
  let count = Math.min(LEAST, most);
  for (;;) {
    // The faster of two: the first has compiled it, or something else came between.
    const took = Math.min(await timed(count), await timed(count));
    const fitting = Math.round((count * milliseconds) / took);
    if (count >= most || fitting < count * 4) return Math.max(Math.min(LEAST, most), Math.min(most, fitting));
    count = Math.min(most, count * 4);
  }
}
