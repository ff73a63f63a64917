/** Structured log of the broker; a port's Log fits. Fields never hold keys, secrets or addresses. */
export interface BrokerLog {
  debug(event: string, fields?: BrokerLogFields): void;
  info(event: string, fields?: BrokerLogFields): void;
  warn(event: string, fields?: BrokerLogFields): void;
  error(event: string, fields?: BrokerLogFields): void;
}

export type BrokerLogFields = Readonly<Record<string, string | number | boolean | undefined>>;
