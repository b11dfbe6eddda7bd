/**
 * Finds the route of a call: by method and path as received, letter by letter, without a regular expression.
 *
 * A path in a route is made of fixed segments and of `:name`, which takes one segment that is not empty; a last `*name`
 * takes the rest. Fixed segments win over names, and the order of the routes decides nothing else.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Route } from './app.ts';

export interface Found {
  readonly route: Route;
  /** Decoded. */
  readonly params: Readonly<Record<string, string>>;
}

interface Step {
  readonly fixed: Map<string, Step>;
  named: Step | null;
  rest: Leaf | null;
  leaf: Leaf | null;
}

interface Leaf {
  readonly route: Route;
  readonly names: readonly string[];
}

/**
 * @param target - path and query as received.
 * @returns undefined where no route is meant.
 * @throws {ProtocolError} HTTP_MALFORMED where a named segment is no percent-encoding of UTF-8
 */
export type FindRoute = (method: string, target: string) => Found | undefined;

export function createRouteTable(routes: readonly Route[]): FindRoute {
  const methods = new Map<string, Step>();
  for (const route of routes) {
    const method = route.method.toUpperCase();
    const root = methods.get(method) ?? emptyStep();
    methods.set(method, root);
    insert(root, route);
  }
  return (method, target) => {
    const root = methods.get(method);
    if (root === undefined || !target.startsWith('/')) return undefined;
    const end = target.indexOf('?');
    const values: string[] = [];
    const leaf = walk(root, (end < 0 ? target : target.slice(0, end)).slice(1).split('/'), 0, values);
    if (leaf === null) return undefined;
    const params: Record<string, string> = {};
    for (const [index, name] of leaf.names.entries()) params[name] = decoded(values[index]!);
    return { route: leaf.route, params };
  };
}

function insert(root: Step, route: Route): void {
  let step = root;
  const names: string[] = [];
  for (const segment of route.path.slice(1).split('/')) {
    if (segment.startsWith('*')) {
      step.rest ??= { route, names: [...names, segment.slice(1)] };
      return;
    }
    if (segment.startsWith(':')) {
      names.push(segment.slice(1));
      step.named ??= emptyStep();
      step = step.named;
    } else {
      const following = step.fixed.get(segment) ?? emptyStep();
      step.fixed.set(segment, following);
      step = following;
    }
  }
  step.leaf ??= { route, names };
}

/** @param values - gets what the names stand for. */
function walk(step: Step, segments: readonly string[], at: number, values: string[]): Leaf | null {
  const segment = segments[at];
  if (segment === undefined) return step.leaf;
  const fixed = step.fixed.get(segment);
  const found = fixed === undefined ? null : walk(fixed, segments, at + 1, values);
  if (found !== null) return found;
  const { length } = values;
  if (step.named !== null && segment !== '') {
    values.push(segment);
    const named = walk(step.named, segments, at + 1, values);
    if (named !== null) return named;
    values.length = length;
  }
  const rest = step.rest === null ? '' : segments.slice(at).join('/');
  if (rest === '') return null;
  values.push(rest);
  return step.rest;
}

function emptyStep(): Step {
  return { fixed: new Map(), named: null, rest: null, leaf: null };
}

function decoded(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch (cause) {
    throw new ProtocolError('HTTP_MALFORMED', {}, { cause });
  }
}
