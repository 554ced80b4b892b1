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

test('while the warehouse is down nothing succeeds; else most does, and another attempt helps most orders', () => {
  const down = cycle.find(({ failing }) => failing === 1)!;
  const storm: Weather = { name: 'storm', seconds: 1, failing: 0.2, hopeless: 0.002 };
  expect(fateOf(down, 0.9, 0.99)).toBe('fails');
  expect(fateOf(storm, 0.9, 0.1)).toBe('fails');
  expect(fateOf(storm, 0.9, 0.3)).toBe('succeeds');
  expect(fateOf(storm, 0.0015, 0.3)).toBe('fails');
  expect(fateOf(storm, 0.0005, 0.3)).toBe('fails for good');
});
