import { expect, test } from '@jest/globals';
import { cycle, CYCLE_SECONDS, fateOf, type Weather, weatherAt } from '../../../dev/watch/weather.ts';

test('each weather has its turn, again and again', () => {
  const names = cycle.map(({ name }) => name);
  let begin = 0;
  const seen = cycle.map(({ seconds }) => {
    const { name } = weatherAt(begin);
    begin += seconds;
    expect(weatherAt(begin - 0.001).name).toBe(name);
    return name;
  });
  expect(seen).toEqual(names);
  expect(weatherAt(CYCLE_SECONDS).name).toBe(names[0]);
});

test('while the warehouse is down nothing succeeds; else most does, and retries help', () => {
  const down = cycle.find(({ isDown }) => isDown)!;
  const storm: Weather = { name: 'storm', seconds: 1, failing: 0.2 };
  expect(fateOf(down, 0.9, 7)).toBe('fails');
  expect(fateOf(storm, 0.9, 1)).toBe('succeeds');
  expect(fateOf(storm, 0.1, 1)).toBe('fails');
  expect(fateOf(storm, 0.1, 3)).toBe('succeeds');
  expect(fateOf(storm, 0.002, 7)).toBe('fails');
  expect(fateOf(storm, 0, 1)).toBe('fails for good');
});
