mod credentials;
mod failures;
mod jwt;
mod rest;
