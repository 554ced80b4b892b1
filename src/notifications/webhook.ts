const TIMEOUT = 10_000;

/** Posts JSON. @throws an error without the URL, which is a secret, where it is not taken. */
export async function postTo(url: string, body: unknown, signal: AbortSignal): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      // Whoever answers there must not be able to send us on to somebody inside the network.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
    });
  } catch (error) {
    // eslint-disable-next-line preserve-caught-error -- it may name the address, which is a secret
    throw new Error(`no answer: ${reasonOf(error)}`);
  }
  await response.body?.cancel();
  if (!response.ok) throw new Error(`it answered ${String(response.status)}`);
}

/** Errors of fetch may name the address that they were asked for; codes do not. */
function reasonOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: unknown } };
  return typeof cause?.code === 'string' ? cause.code : (name ?? 'unknown');
}
