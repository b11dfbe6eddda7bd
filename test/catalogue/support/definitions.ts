/** A definition in order, and changes to it. */
import { parse, stringify } from 'yaml';

export const PROVIDER_CODE = '91350100M000100Y43';

/** A parsed definition as a test changes it. */
export type Draftable = { [key: string]: unknown; fields: { [key: string]: unknown }[] };

/** The YAML text of a definition. @param change - applied to the parsed document. */
export function definitionText(change: (definition: Draftable) => void = () => undefined): string {
  const definition = parse(DEFINITION) as Draftable;
  change(definition);
  return stringify(definition);
}

export const DEFINITION = `dataset: personal-income
source:
  type: csv
  file: income.csv
subject:
  column: id_number
  level: 3
title:
  zh: 个人所得税收入明细
  en: Personal income
code: 307031001/000012
category:
  class: department
  item: 税务
provider:
  name:
    zh: 市税务局
    en: City tax bureau
  code: ${PROVIDER_CODE}
abstract: 自然人按月申报的收入
keywords: [收入, income]
format:
  kind: spreadsheet
  type: csv
sharing:
  type: conditional
  condition: 经数据主体授权的信贷评估
open:
  type: closed
updateCycle: monthly
publicationDate: 2026-01-15
fields:
  - name: income
    title: {zh: 年收入, en: Annual income}
    type: number
    length: 12
    level: 3
    unit: CNY
    bounds: {min: 0, max: 10000000}
    missing: 30000
  - name: grade
    title: 纳税信用等级
    type: character
    level: 2
    codeList: GB/T 31863
`;
