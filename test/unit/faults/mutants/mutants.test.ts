import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { boxMutants } from '../../../faults/mutants/box-mutants.ts';
import { type Mutant, mutated } from '../../../faults/mutants/mutant.ts';
import { processMutants } from '../../../faults/mutants/process-mutants.ts';

const all = [...boxMutants, ...processMutants];

describe('the mutants', () => {
  it.each(all)('$name applies to the source', (mutant) => {
    const source = readFileSync(mutant.file, 'utf8');
    expect(mutated(source, mutant)).not.toBe(source);
  });

  it('have names of their own', () => {
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });
});

describe('a mutant', () => {
  const mutant: Mutant = { ...all[0]!, find: 'a + b', replace: 'a - b' };

  it('replaces what it finds, as it is written', () => {
    expect(mutated('x = a + b;', mutant)).toBe('x = a - b;');
    expect(mutated('x = a + b;', { ...mutant, replace: '$&' })).toBe('x = $&;');
  });

  it.each(['x = a * b;', 'x = a + b; y = a + b;'])(
    'is an error where that is not there once: %s',
    (source) => {
      expect(() => mutated(source, mutant)).toThrow('not once');
    },
  );
});
