-- What an endpoint says to its proxy of who it is; the user name is among its options.
ALTER TABLE registry_endpoint ADD COLUMN proxy_password_sealed bytea;
