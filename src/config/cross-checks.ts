import { groupId, type RouteConfig } from './config.ts';
import type { Reading } from './read-section.ts';

/** What is fine for each setting by itself, and wrong together. Settings that could not be read are left out of it. */
export function checkRoutes(
  groupPrefix: string | undefined,
  routes: readonly RouteConfig[],
  reading: Reading,
): void {
  checkUnique(routes, 'name', ({ name }) => name, reading);
  checkUnique(routes, 'retryTopic', ({ topic, retryTopic }) => topic && retryTopic, reading);
  // A group has one policy for a topic: with two, a key would be locked in one route and run on in the other.
  checkUnique(
    routes,
    'consumerGroup',
    ({ topic, consumerGroup }) => topic && consumerGroup && `${consumerGroup} on ${topic}`,
    reading,
  );
  for (const [index, route] of routes.entries()) {
    checkTopics(route, routes, `routes[${index}]`, reading);
    if (groupPrefix !== undefined) checkGroup(groupPrefix, route, routes, `routes[${index}]`, reading);
  }
}

/** What is written to a topic of a route would be taken for a message, a retry or a dead letter. */
export function checkApart(
  path: string,
  topic: string | null | undefined,
  routes: readonly RouteConfig[],
  reading: Reading,
): void {
  if (!topic) return;
  const index = routes.findIndex(({ topic: main, retryTopic, deadLetterTopic, redelivery }) =>
    [main, retryTopic, deadLetterTopic, redelivery.topic].includes(topic),
  );
  if (index >= 0) reading.problem(path, `is a topic of routes[${index}]; give it a topic of its own`);
}

function checkUnique(
  routes: readonly RouteConfig[],
  setting: string,
  valueOf: (route: RouteConfig) => string | undefined,
  reading: Reading,
): void {
  const first = new Map<string, number>();
  for (const [index, route] of routes.entries()) {
    const value = valueOf(route);
    if (!value) continue;
    const earlier = first.get(value);
    if (earlier === undefined) first.set(value, index);
    else
      reading.problem(
        `routes[${index}].${setting}`,
        `${value} is used by routes[${earlier}] too; give each its own`,
      );
  }
}

/** A topic that is fed from itself never ends: each of these would be a loop, of one route or of two. */
function checkTopics(
  route: RouteConfig,
  routes: readonly RouteConfig[],
  path: string,
  reading: Reading,
): void {
  const { topic, retryTopic, deadLetterTopic, redelivery } = route;
  // Without a topic its defaults are made of nothing: that it is missing was said already.
  if (!topic) return;
  for (const [index, other] of routes.entries()) {
    if (retryTopic === other.topic) {
      reading.problem(
        `${path}.retryTopic`,
        `is the main topic of routes[${index}]; give retries a topic of their own`,
      );
    }
    if (deadLetterTopic === other.retryTopic) {
      reading.problem(
        `${path}.deadLetterTopic`,
        `is the retry topic of routes[${index}]; give dead letters their own`,
      );
    }
    if (redelivery.topic && [other.retryTopic, other.deadLetterTopic].includes(redelivery.topic)) {
      reading.problem(
        `${path}.redelivery.topic`,
        `is the retry or dead-letter topic of routes[${index}]; give redeliveries their own`,
      );
    }
  }
  // Another route may well work on these dead letters; only one's own would come back.
  if (deadLetterTopic === topic) {
    reading.problem(`${path}.deadLetterTopic`, 'is the main topic of the route; give dead letters their own');
  }
}

function checkGroup(
  groupPrefix: string,
  route: RouteConfig,
  routes: readonly RouteConfig[],
  path: string,
  reading: Reading,
): void {
  const own = groupId({ kafka: { groupPrefix } }, route);
  const index = routes.findIndex(({ consumerGroup }) => consumerGroup === own);
  if (index >= 0) {
    reading.problem(
      `${path}.name`,
      `the service's own group would be ${own}, which is the consumerGroup of routes[${index}]; change kafka.groupPrefix`,
    );
  }
}
