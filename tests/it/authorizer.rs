mod counts;
mod credentials;
mod failures;
mod jwt;
mod permissions;
mod rest;
