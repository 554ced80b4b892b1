import { pbkdf2Sync, randomBytes } from 'node:crypto';
import {
  Admin,
  AclOperations,
  AclPermissionTypes,
  alterUserScramCredentialsV0,
  Connection,
  ResourcePatternTypes,
  ResourceTypes,
} from '@platformatic/kafka';
import type { Need } from '../../src/access/needs.ts';

const OPERATIONS = {
  Read: AclOperations.READ,
  Write: AclOperations.WRITE,
  Describe: AclOperations.DESCRIBE,
  DescribeConfigs: AclOperations.DESCRIBE_CONFIGS,
};

/** What a super user does about others: `broker` is where one needs no password. */
export class KafkaUsers implements AsyncDisposable {
  readonly #admin: Admin;
  readonly #broker: string;

  constructor(broker: string) {
    this.#broker = broker;
    this.#admin = new Admin({ clientId: 'test', bootstrapBrokers: [broker] });
  }

  async allow(
    principal: string,
    needs: readonly Pick<Need, 'resource' | 'name' | 'operation'>[],
  ): Promise<void> {
    await this.#admin.createAcls({ creations: needs.map((need) => acl(principal, need)) });
  }

  async forbid(principal: string, need: Pick<Need, 'resource' | 'name' | 'operation'>): Promise<void> {
    await this.#admin.deleteAcls({ filters: [acl(principal, need)] });
  }

  /** For SCRAM-SHA-512; makes the user, or changes the password. */
  async setPassword(name: string, password: string): Promise<void> {
    const [host = '', port] = this.#broker.split(':');
    const connection = new Connection('test');
    await connection.connect(host, Number(port));
    try {
      const salt = randomBytes(16);
      const saltedPassword = pbkdf2Sync(password, salt, 4_096, 64, 'sha512');
      const user = { name, mechanism: 2, iterations: 4_096, salt, saltedPassword };
      await alterUserScramCredentialsV0.api.async(connection, [], [user]);
    } finally {
      await connection.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#admin.close();
  }
}

function acl(
  principal: string,
  { resource, name, operation }: Pick<Need, 'resource' | 'name' | 'operation'>,
) {
  return {
    resourceType: ResourceTypes[resource === 'topic' ? 'TOPIC' : 'GROUP'],
    resourceName: name,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal,
    host: '*',
    operation: OPERATIONS[operation],
    permissionType: AclPermissionTypes.ALLOW,
  };
}
