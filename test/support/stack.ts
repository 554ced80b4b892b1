/** The servers of this run, for tests under test/integration and test/end-to-end. */
export const kafkaBrokers = required('KAFKA_BROKERS').split(',');
export const redisUrl = required('REDIS_URL');

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this test by \`npm run test:integration\``);
  return value;
}
