import type { Stage } from '../stage/stage.ts';

/** As an upgrade does it: one after the other, each in the ordinary way, the next when the one before is there again. */
export async function restartEverything(stage: Stage): Promise<void> {
  for (const service of stage.services.values()) {
    await service.member.terminate();
    service.member.start();
    await service.answers();
    // A slow one is not waited for any longer: what it lacks may be what is restarted next.
    await service.ready().catch(() => undefined);
  }
  for (const consumer of stage.consumers.values()) {
    await consumer.member.terminate();
    consumer.member.start();
    await consumer.assigned();
  }
  await stage.redis.kill('SIGTERM');
  await stage.redis.start();
  for (const broker of stage.brokers.values()) {
    await broker.kill('SIGTERM');
    await broker.start();
    await stage.topics.inSync();
  }
}
