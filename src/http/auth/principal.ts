import type { GrantedScope } from '../../config/config.ts';

/** Who calls, as far as we know. */
export interface Principal {
  /** The name of a token, the subject of a JWT, or `anonymous`. */
  readonly name: string;
  readonly kind: 'token' | 'jwt' | 'anonymous';
  readonly scopes: readonly GrantedScope[];
}

/** Whoever comes without credentials. What they may is decided by whether there is authentication at all. */
export function anonymous(scopes: readonly GrantedScope[]): Principal {
  return { name: 'anonymous', kind: 'anonymous', scopes };
}

export const ALL_SCOPES: readonly GrantedScope[] = ['gate', 'read', 'operate'];

/** Who acts may look as well. Nothing else includes anything: the token of a consumer shows nobody's keys. */
export function allows({ scopes }: Principal, wanted: GrantedScope): boolean {
  return scopes.includes(wanted) || (wanted === 'read' && scopes.includes('operate'));
}
