import { Type } from 'typebox';

export const Live = Type.Object({ live: Type.Literal(true) });

export const ReadinessQuery = Type.Object({
  scope: Type.Optional(
    Type.Enum(['all', 'process'], {
      description: '`process`: what is wrong with the topics of a route is told under `degraded`, with 200.',
    }),
  ),
});

export const Ready = Type.Object({
  ready: Type.Literal(true),
  degraded: Type.Optional(
    Type.Array(Type.String(), { description: 'Routes that need an operator, one line each.' }),
  ),
});

export const NotReady = Type.Object({
  ready: Type.Literal(false),
  missing: Type.Array(Type.String(), { description: 'What is missing, one line each.' }),
});
