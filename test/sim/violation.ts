/** A broken rule. `rule` is short and stable (it names the finding in a batch); the message has the numbers. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly rule: string;

  constructor(rule: string, message: string) {
    super(`${rule}: ${message}`);
    this.rule = rule;
  }
}

/** Throws unless `holds`. The message is only made when it is needed. */
export function check(holds: boolean, rule: string, message: () => string): void {
  if (!holds) throw new Violation(rule, message());
}
