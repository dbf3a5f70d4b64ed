# about: the key server answers, goes away and comes back
# rigs: uml qemu-6.12
# uml: plain
# kms: pykmip
# timeout: 60

# One handshake over mutual TLS.
handshake() {
	echo | timeout 20 openssl s_client -connect "$KMS_HOST:$KMS_PORT" \
		-CAfile "$KMS_CERTS/ca.pem" -cert "$KMS_CERTS/client.pem" \
		-key "$KMS_CERTS/client.key" -verify_return_error
}

expect_ok starts start_kms
expect_match handshake 'Verification: OK' handshake
expect_ok stops stop_kms
expect_fail gone any 'refused|errno' handshake
expect_ok starts-again start_kms
expect_match handshake-again 'Verification: OK' handshake
expect_ok writes-config write_config
expect_match config 'certificate = /run/.*client.pem' cat /etc/hostcrypt/hostcrypt.conf
