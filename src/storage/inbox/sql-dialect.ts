/** Which SQL is spoken. */
export type SqlDialect = 'sqlite' | 'mariadb';
