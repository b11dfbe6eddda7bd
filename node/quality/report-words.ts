/** Words of the report that are chosen by a value: dimensions, severities, states of orders. */
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import type { PointCause } from './points.ts';
import type { Dimension, Severity } from './rule.ts';
import type { OrderState } from './work-order.ts';

export const DIMENSION_WORDS: Readonly<Record<Dimension, ErrorCode>> = {
  conformity: 'REPORT_DIMENSION_CONFORMITY',
  completeness: 'REPORT_DIMENSION_COMPLETENESS',
  accuracy: 'REPORT_DIMENSION_ACCURACY',
  consistency: 'REPORT_DIMENSION_CONSISTENCY',
  timeliness: 'REPORT_DIMENSION_TIMELINESS',
  accessibility: 'REPORT_DIMENSION_ACCESSIBILITY',
};

export const SEVERITY_WORDS: Readonly<Record<Severity, ErrorCode>> = {
  minor: 'REPORT_SEVERITY_MINOR',
  major: 'REPORT_SEVERITY_MAJOR',
  critical: 'REPORT_SEVERITY_CRITICAL',
};

export const ORDER_WORDS: Readonly<Record<OrderState, ErrorCode>> = {
  open: 'REPORT_ORDER_OPEN',
  assigned: 'REPORT_ORDER_ASSIGNED',
  fixed: 'REPORT_ORDER_FIXED',
  rejected: 'REPORT_ORDER_REJECTED',
  retested: 'REPORT_ORDER_RETESTED',
  closed: 'REPORT_ORDER_CLOSED',
  reopened: 'REPORT_ORDER_REOPENED',
};

/** Why an order took a step. */
export const ORDER_REASON_WORDS: ReadonlyMap<string, ErrorCode> = new Map([
  ['value-is-right', 'ORDER_REASON_VALUE_RIGHT'],
  ['rule-is-wrong', 'ORDER_REASON_RULE_WRONG'],
  ['not-our-data', 'ORDER_REASON_NOT_OURS'],
  ['cannot-be-known', 'ORDER_REASON_UNKNOWABLE'],
  ['still-failing', 'ORDER_REASON_STILL_FAILING'],
  ['measured-again', 'ORDER_REASON_MEASURED_AGAIN'],
  ['rejection-declined', 'ORDER_REASON_REJECTION_DECLINED'],
]);

export const POINT_WORDS: Readonly<Record<PointCause, ErrorCode>> = {
  level: 'POINTS_LEVEL',
  improvement: 'POINTS_IMPROVEMENT',
  'closed-in-time': 'POINTS_CLOSED_IN_TIME',
  overdue: 'POINTS_OVERDUE',
};

/** Basis points as points of a hundred, two decimals: 9876 is 98.76. */
export function pointsText(basisPoints: number): string {
  return (basisPoints / 100).toFixed(2);
}
