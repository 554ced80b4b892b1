import type { Config } from './config.ts';
import { fitsOneOf } from './name-patterns.ts';
import type { Reading } from './read-section.ts';

/** Refuses names of another environment, before anything is contacted. Settings that could not be read are left out. */
export function checkNames(
  {
    topicPattern,
    kafka,
    events,
    audit,
    routes,
  }: Pick<Config, 'topicPattern' | 'kafka' | 'events' | 'audit' | 'routes'>,
  reading: Reading,
): void {
  // Undefined where it could not be read.
  const patterns = topicPattern as Config['topicPattern'] | undefined;
  if (!patterns) return;
  const check = (path: string, name: string | null | undefined): void => {
    if (!name || fitsOneOf(patterns, name)) return;
    reading.problem(
      path,
      `${name} does not fit topicPattern (${patterns.join(', ')}): is it of another environment?`,
    );
  };
  check('kafka.groupPrefix', kafka.groupPrefix);
  check('events.topic', events.topic);
  check('audit.topic', audit.topic);
  for (const [index, route] of routes.entries()) {
    const path = `routes[${String(index)}]`;
    // Without a topic its defaults are made of nothing: that it is missing was said already.
    if (!route.topic) continue;
    check(`${path}.topic`, route.topic);
    check(`${path}.consumerGroup`, route.consumerGroup);
    check(`${path}.retryTopic`, route.retryTopic);
    check(`${path}.deadLetterTopic`, route.deadLetterTopic);
    check(`${path}.redelivery.topic`, route.redelivery.topic);
  }
}
