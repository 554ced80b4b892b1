/**
 * What tells two installations apart that one Prometheus watches: `namespace`, which Kubernetes' service discovery adds, and
 * `environment`, which the service adds where it is configured. A label that is not there counts as empty, and all is well.
 */
const INSTALLATION = ['namespace', 'environment'];

export const perInstallation = `by (${INSTALLATION.join(', ')})`;
export const perRoute = `by (${[...INSTALLATION, 'route'].join(', ')})`;
export const perTarget = `by (${[...INSTALLATION, 'target'].join(', ')})`;

/** Of one replica: what Prometheus adds to each sample of a scrape. */
export const ofReplica = `(${[...INSTALLATION, 'job', 'instance'].join(', ')})`;
