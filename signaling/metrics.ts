/** Names of all figures with the text that Prometheus shows. `_total` counts up, the others go both ways. */
const FIGURES = {
  roost_broker_sockets: 'Open sockets whose id is proved, by kind.',
  roost_broker_proofs_total: 'Proofs of an id, by kind of socket and result.',
  roost_broker_signals_total: 'PeerJS messages, by type.',
  roost_broker_signals_expired_total: 'Devices told that another one did not come in time.',
  roost_broker_requests_total: 'Rendezvous requests, by type and result.',
  roost_broker_http_total: 'HTTP responses, by status.',
  roost_broker_refused_total: 'Sockets and messages refused, by reason.',
  roost_broker_push_total: 'Frames pushed to devices, by type.',
} as const;

export type Figure = keyof typeof FIGURES;
export type Labels = Readonly<Record<string, string>>;

/** Counters and gauges in Prometheus' text format. Labels come from closed lists, never from what a client sent. */
export class Metrics {
  readonly #values = new Map<Figure, Map<string, number>>();

  add(figure: Figure, labels: Labels = {}, by = 1): void {
    const series = this.#values.get(figure) ?? new Map<string, number>();
    this.#values.set(figure, series);
    const key = labelText(labels);
    series.set(key, (series.get(key) ?? 0) + by);
  }

  value(figure: Figure, labels: Labels = {}): number {
    return this.#values.get(figure)?.get(labelText(labels)) ?? 0;
  }

  text(): string {
    const lines: string[] = [];
    for (const [figure, help] of Object.entries(FIGURES)) {
      lines.push(
        `# HELP ${figure} ${help}`,
        `# TYPE ${figure} ${figure.endsWith('_total') ? 'counter' : 'gauge'}`,
      );
      const series = this.#values.get(figure as Figure);
      if (series === undefined) lines.push(`${figure} 0`);
      for (const [labels, value] of series ?? []) lines.push(`${figure}${labels} ${value}`);
    }
    return `${lines.join('\n')}\n`;
  }
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}
