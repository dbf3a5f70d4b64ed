// SPDX-License-Identifier: GPL-2.0
/* The provider interface: who is asked, and how it is called. */
#include "unit.h"

#include <string.h>

#include "base/error.h"
#include "provider/provider.h"

static bool endpoint_is(const struct hc_provider_config *config, const char *want)
{
	char buffer[64];

	return strcmp(hc_provider_endpoint(config, buffer, sizeof(buffer)), want) == 0;
}

static void endpoints_are_readable(void)
{
	char host[] = "kms.example", address[] = "fd00::1", directory[] = "/var/lib/keys";
	struct hc_provider_config config = {
		.type = HC_PROVIDER_KMIP, .host = host, .port = 5696, .directory = directory,
	};

	EXPECT(endpoint_is(&config, "kms.example:5696"));
	config.host = address;
	EXPECT(endpoint_is(&config, "[fd00::1]:5696"));
	config.type = HC_PROVIDER_LOCAL;
	EXPECT(endpoint_is(&config, "/var/lib/keys"));
}

static void states_have_names(void)
{
	EXPECT(strcmp(hc_kek_state_name(HC_KEK_PRE_ACTIVE), "Pre-Active") == 0);
	EXPECT(strcmp(hc_kek_state_name(HC_KEK_DESTROYED_COMPROMISED),
		      "Destroyed Compromised") == 0);
	EXPECT(strcmp(hc_kek_state_name((enum hc_kek_state)7), "unknown") == 0);
}

static void incomplete_configuration_is_refused(void)
{
	char host[] = "127.0.0.1", missing[] = "/nonexistent/ca.pem";
	struct hc_provider_config config = {
		.name = "main", .type = HC_PROVIDER_KMIP, .host = host, .port = 1,
		.connect_timeout_s = 1, .timeout_s = 1,
	};
	struct hc_provider *provider = NULL;

	EXPECT(hc_provider_open(&config, &provider) == HC_E_CONFIG);
	EXPECT(strstr(hc_error_message(), "\"ca\""));
	config.ca = missing;
	EXPECT(hc_provider_open(&config, &provider) == HC_E_CERT_FILE);
	EXPECT(strstr(hc_error_message(), "cannot read /nonexistent/ca.pem"));
	config.type = (enum hc_provider_type)9;
	EXPECT(hc_provider_open(&config, &provider) == HC_E_INTERNAL);
	EXPECT(!provider);
	hc_provider_close(NULL);
}

int main(void)
{
	RUN(endpoints_are_readable);
	RUN(states_have_names);
	RUN(incomplete_configuration_is_refused);
	return unit_result();
}
