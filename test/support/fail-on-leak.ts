const grace = 3_000;

/**
 * The last step of a run. Jest waits for ever when a test left a timer or a native client open; here that is a
 * failure, which is why all tests run in jest's own process. The timer itself keeps nothing alive: it fires only if
 * something else does.
 */
export default function failOnLeak(): void {
  setTimeout(() => {
    const open = process.getActiveResourcesInfo().filter((type) => type !== 'PipeWrap');
    process.stderr.write(
      `A test left something open: ${open.join(', ') || 'a native handle, for example a Kafka client'}.\n` +
        'Find it by running its file alone with --detectOpenHandles.\n',
    );
    // Exiting in the ordinary way can hang with an open Kafka client.
    process.kill(process.pid, 'SIGKILL');
  }, grace).unref();
}
