// What a peer is told: the same variables as every other server of the benchmark.

const { HOST, PORT, DATABASE_URL, SECRET_KEY, DATABASE_POOL_SIZE } = process.env;

export const host = HOST;
export const port = Number(PORT);
export const secret = SECRET_KEY;
export const database = {
  connectionString: DATABASE_URL,
  max: Number(DATABASE_POOL_SIZE),
  // Longer than the other servers' rounds take: nobody else has to connect and prepare again when it is their turn.
  idleTimeoutMillis: 300_000,
};
