// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"

	conventions "go.opentelemetry.io/otel/semconv/v1.40.0"
)

// environment makes a detector for a platform that describes itself in environment variables alone.
func environment(p platform) func(settings) (detect, error) {
	return func(s settings) (detect, error) {
		return func(context.Context, *http.Client) (finding, error) {
			found := p.section(s.sections).ResourceAttributes.facts()
			found.schemaURL = p.schema
			if !p.describe(found) {
				if p.alwaysThere && !s.strict {
					return found.finding, nil
				}
				return s.absent(p.name, errors.New("the environment variables of the platform are not set: "+p.needs))
			}
			return found.finding, nil
		}, nil
	}
}

// platform is one that describes itself in environment variables.
type platform struct {
	name, needs string
	section     func(*DetectorConfig) Section
	// describe adds what the variables say, and returns false on any other platform.
	describe func(facts) bool
	// schema is that of the library which upstream asks.
	schema string
	// alwaysThere keeps the schema even on another platform, as upstream does.
	alwaysThere bool
}

// set adds the value of a variable, even if it is empty, unless it is not set.
func (f facts) set(name, variable string) bool {
	value, ok := os.LookupEnv(variable)
	if ok {
		f.text(name, value)
	}
	return ok
}

var lambda = platform{
	name: "AWS Lambda", schema: schemaURL, needs: "AWS_LAMBDA_FUNCTION_NAME",
	section: func(c *DetectorConfig) Section { return c.Lambda },
	describe: func(f facts) bool {
		name := os.Getenv("AWS_LAMBDA_FUNCTION_NAME")
		if name == "" {
			return false
		}
		f.cloud("aws", conventions.CloudPlatformAWSLambda.Value.AsString())
		f.text("faas.name", name)
		f.set("cloud.region", "AWS_REGION")
		f.set("faas.version", "AWS_LAMBDA_FUNCTION_VERSION")
		f.set("faas.instance", "AWS_LAMBDA_LOG_STREAM_NAME")
		f.set("faas.max_memory", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
		if group, ok := os.LookupEnv("AWS_LAMBDA_LOG_GROUP_NAME"); ok {
			f.list("aws.log.group.names", []string{group})
		}
		if stream, ok := os.LookupEnv("AWS_LAMBDA_LOG_STREAM_NAME"); ok {
			f.list("aws.log.stream.names", []string{stream})
		}
		return true
	},
}

var heroku = platform{
	name: "Heroku", schema: schemaURL, needs: "HEROKU_DYNO_ID, HEROKU_APP_ID; turn dyno metadata on",
	section: func(c *DetectorConfig) Section { return c.Heroku },
	describe: func(f facts) bool {
		dyno := f.set("service.instance.id", "HEROKU_DYNO_ID")
		app := f.set("heroku.app.id", "HEROKU_APP_ID")
		if app {
			f.text("cloud.provider", conventions.CloudProviderHeroku.Value.AsString())
		}
		f.set("service.name", "HEROKU_APP_NAME")
		f.set("heroku.release.creation_timestamp", "HEROKU_RELEASE_CREATED_AT")
		f.set("service.version", "HEROKU_RELEASE_VERSION")
		f.set("heroku.release.commit", "HEROKU_SLUG_COMMIT")
		return dyno || app
	},
	alwaysThere: true,
}

var azureAppService = platform{
	name: "Azure App Service", schema: newerSchemaURL, needs: "WEBSITE_SITE_NAME, WEBSITE_RESOURCE_GROUP, WEBSITE_OWNER_NAME",
	section: func(c *DetectorConfig) Section { return c.AzureAppService },
	describe: func(f facts) bool {
		site, group, owner := os.Getenv("WEBSITE_SITE_NAME"), os.Getenv("WEBSITE_RESOURCE_GROUP"), os.Getenv("WEBSITE_OWNER_NAME")
		// Azure Functions run on the same machines and set the same variables.
		if site == "" || group == "" || owner == "" || os.Getenv("FUNCTIONS_WORKER_RUNTIME") != "" {
			return false
		}
		subscription, _, _ := strings.Cut(owner, "+")
		f.cloud("azure", conventions.CloudPlatformAzureAppService.Value.AsString())
		f.text("service.name", site)
		f.text("cloud.account.id", subscription)
		f.text("cloud.resource_id", "/subscriptions/"+subscription+"/resourceGroups/"+group+"/providers/Microsoft.Web/sites/"+site)
		f.text("azure.resource_group.name", group)
		f.known("cloud.region", os.Getenv("REGION_NAME"))
		f.known("deployment.environment.name", os.Getenv("WEBSITE_SLOT_NAME"))
		f.known("azure.app_service.instance.id", os.Getenv("WEBSITE_INSTANCE_ID"))
		return true
	},
}

var azureContainerApps = platform{
	name: "Azure Container Apps", schema: newerSchemaURL, needs: "CONTAINER_APP_NAME",
	section: func(c *DetectorConfig) Section { return c.AzureContainerApps },
	describe: func(f facts) bool {
		app := os.Getenv("CONTAINER_APP_NAME")
		if app == "" {
			return false
		}
		f.cloud("azure", conventions.CloudPlatformAzureContainerApps.Value.AsString())
		f.text("service.name", app)
		f.known("azure.container_app.instance.id", os.Getenv("CONTAINER_APP_REPLICA_NAME"))
		return true
	},
}
