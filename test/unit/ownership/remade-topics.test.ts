import { expect, test } from '@jest/globals';
import { remadeTopics } from '../../../src/ownership/remade-topics.ts';
import type { Takeover } from '../../../src/penalty-box/owner-box.ts';

const ids = { retry: 'r1', main: 'm1' };
const takeover = (overrides: Partial<Takeover> = {}): Takeover => ({
  ...{ cursor: 100, nextDue: null, readTo: 0, madeFrom: ids, remade: { retry: false, main: false } },
  ...overrides,
});

test('topics that are what they were, and reach as far as was read of them, are the same', () => {
  expect(remadeTopics(takeover(), ids, { first: 0, end: 100 })).toBeNull();
});

test('a retry topic that ends before what was read of it has lost its end: an unclean election does that', () => {
  expect(remadeTopics(takeover(), ids, { first: 0, end: 99 })).toEqual({ retry: true, main: false });
});

test('a topic with another id is another topic; an id that is not known counts as the same', () => {
  const range = { first: 0, end: 100 };
  expect(remadeTopics(takeover(), { ...ids, main: 'm2' }, range)).toEqual({ retry: false, main: true });
  expect(remadeTopics(takeover(), { retry: '', main: '' }, range)).toBeNull();
});

test('where Redis has lost the shard there is nothing to compare with, save what was begun before', () => {
  const other = { retry: 'r2', main: 'm2' };
  expect(remadeTopics(takeover({ cursor: null }), other, { first: 0, end: 5 })).toBeNull();
  const begun = takeover({ cursor: null, remade: { retry: true, main: false } });
  expect(remadeTopics(begun, other, { first: 0, end: 5 })).toEqual({ retry: true, main: false });
});
