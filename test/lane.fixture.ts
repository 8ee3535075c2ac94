// Two lanes for tests that take long: `npm test` tries a part of what `npm run test:whole` tries.

/** True in `npm run test:whole`. */
export const isWholeLane = process.env['TEST_LANE'] === 'whole';

/** So many in the whole lane, else a part of them. */
export function scale(whole: number, part: number): number {
  return isWholeLane ? whole : part;
}
