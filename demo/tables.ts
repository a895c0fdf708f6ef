// The small made-up shop behind the demo tools: tables, their rows, a stock that orders take from, some documents.

interface Table {
  columns: Record<string, string>;
  rows: ReadonlyArray<Record<string, string | number>>;
}

const ITEMS = ['lamp', 'desk', 'chair', 'shelf', 'clock'] as const;

/** The tables by name; rows are the same in every replica and every run. */
export const TABLES: ReadonlyMap<string, Table> = new Map<string, Table>([
  [
    'items',
    {
      columns: { id: 'integer', name: 'text', price_cents: 'integer' },
      rows: ITEMS.map((name, index) => ({ id: index + 1, name, price_cents: 1900 + index * 700 })),
    },
  ],
  [
    'orders',
    {
      columns: { id: 'integer', item: 'text', quantity: 'integer', placed_on: 'date' },
      rows: Array.from({ length: 40 }, (_, index) => ({
        id: index + 1,
        item: ITEMS[index % ITEMS.length] ?? 'lamp',
        quantity: 1 + (index % 4),
        placed_on: `2026-${String(1 + (index % 12)).padStart(2, '0')}-15`,
      })),
    },
  ],
]);

/** How many of each item are left in this process; create_order takes from it. */
export const stock = new Map<string, number>(ITEMS.map((item) => [item, 1000]));

/** The documents search_docs looks through. */
export const DOCUMENTS: ReadonlyArray<{ title: string; text: string }> = [
  { title: 'Returns', text: 'An order can be returned within 30 days when its item is unused.' },
  { title: 'Shipping', text: 'Orders placed before noon are shipped the same day.' },
  { title: 'Lamps', text: 'Every lamp comes with a bulb; the clock and the lamp share a power supply.' },
  {
    title: 'Furniture',
    text: 'A desk, a chair or a shelf is delivered in parts, with tools to assemble it.',
  },
  { title: 'Prices', text: 'Prices are in cents and include taxes.' },
];
