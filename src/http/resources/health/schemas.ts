import { Type } from 'typebox';

export const Live = Type.Object({ live: Type.Literal(true) });

export const Ready = Type.Object({ ready: Type.Literal(true) });

export const NotReady = Type.Object({
  ready: Type.Literal(false),
  missing: Type.Array(Type.String(), { description: 'What is missing, one line each.' }),
});
