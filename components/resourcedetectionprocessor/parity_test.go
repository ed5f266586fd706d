// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"testing"

	upstream "github.com/open-telemetry/opentelemetry-collector-contrib/processor/resourcedetectionprocessor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"
)

// The processor of upstream is the oracle of the tests whose names end in EqualUpstream.

func TestTypesEqualUpstream(t *testing.T) {
	type aliased interface{ DeprecatedAlias() component.Type }
	assert.Equal(t, upstream.NewFactory().Type(), NewFactory().Type())
	assert.Equal(t, upstream.NewFactory().(aliased).DeprecatedAlias(), NewFactory().(aliased).DeprecatedAlias())
}

func TestDefaultsEqualUpstream(t *testing.T) {
	text := func(cfg component.Config) string {
		conf := confmap.New()
		require.NoError(t, conf.Marshal(cfg))
		written, err := yaml.Marshal(conf.ToStringMap())
		require.NoError(t, err)
		return string(written)
	}
	assert.Equal(t, text(upstream.NewFactory().CreateDefaultConfig()), text(NewFactory().CreateDefaultConfig()))
}

func TestEnvironmentVariablesEqualUpstream(t *testing.T) {
	for _, tt := range []struct {
		name, list string
		want       attributes
		fails      bool
	}{
		{name: "an empty list is nothing", list: "  ", want: attributes{}},
		{name: "one pair", list: "a=b", want: attributes{"a": "b"}},
		{name: "several pairs, with blanks", list: " a = b , c=d ,", want: attributes{"a": "b", "c": "d"}},
		{name: "values are percent-encoded", list: "a=x%2Cy%3D%25,b=%C3%A4", want: attributes{"a": "x,y=%", "b": "ä"}},
		{name: "a plus is a blank", list: "a=x+y", want: attributes{"a": "x y"}},
		{name: "a value may hold equals signs", list: "a=b=c", want: attributes{"a": "b=c"}},
		{name: "a value may be empty", list: "a=,b=1", want: attributes{"a": "", "b": "1"}},
		{name: "the last of two wins", list: "a=1,a=2", want: attributes{"a": "2"}},
		{name: "a key may hold a comma", list: "a=1,b,c=2", want: attributes{"a": "1", "b,c": "2"}},
		{name: "a key may begin with an equals sign", list: "==b", want: attributes{"=": "b"}},
		{name: "text without a pair is an error", list: "abc", fails: true},
		{name: "so is text behind the last pair", list: "a=b,c", fails: true},
		{name: "so is a broken escape", list: "a=%zz", fails: true},
		{name: "so is what is not ASCII", list: "a=ä", fails: true},
		{name: "so is no key", list: "=b", fails: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("OTEL_RESOURCE_ATTRIBUTES", tt.list)
			got := same(t, `{detectors: [env], retry: {enabled: false}}`, nil)
			require.Equal(t, tt.fails, got.err != nil, "%v", got.err)
			if !tt.fails {
				assert.Equal(t, tt.want, got.resource)
			}
		})
	}
	t.Run("the deprecated variable counts where the other is empty", func(t *testing.T) {
		setenv(t, "OTEL_RESOURCE_ATTRIBUTES=", "OTEL_RESOURCE=a=old")
		assert.Equal(t, attributes{"a": "old"}, same(t, ``, nil).resource)
		setenv(t, "OTEL_RESOURCE_ATTRIBUTES=a=new")
		assert.Equal(t, attributes{"a": "new"}, same(t, ``, nil).resource)
	})
	t.Run("OTEL_SERVICE_NAME says nothing", func(t *testing.T) {
		setenv(t, "OTEL_RESOURCE_ATTRIBUTES=", "OTEL_SERVICE_NAME=shop")
		assert.Empty(t, same(t, ``, nil).resource)
	})
}

func TestMergeEqualsUpstream(t *testing.T) {
	setenv(t, "OTEL_RESOURCE_ATTRIBUTES=host.name=from-env,team=a", "AWS_LAMBDA_FUNCTION_NAME=f", "AWS_REGION=eu-1",
		"HEROKU_APP_ID=app", "HEROKU_APP_NAME=shop")
	for _, tt := range []struct {
		name, yaml string
		in, want   attributes
	}{
		{"a detected attribute replaces one that is there", `detectors: [env]`,
			attributes{"team": "b", "own": "x"}, attributes{"team": "a", "host.name": "from-env", "own": "x"}},
		{"without override it does not", `{detectors: [env], override: false}`,
			attributes{"team": "b"}, attributes{"team": "b", "host.name": "from-env"}},
		{"the first detector wins", `{detectors: [env, system], system: {hostname_sources: [os], resource_attributes: {os.type: {enabled: false}}}}`,
			nil, attributes{"team": "a", "host.name": "from-env"}},
		{"whatever its name is", `{detectors: [lambda, heroku]}`, nil, attributes{"cloud.provider": "aws",
			"cloud.platform": "aws_lambda", "cloud.region": "eu-1", "faas.name": "f", "heroku.app.id": "app", "service.name": "shop"}},
		{"in either order", `{detectors: [heroku, lambda]}`, nil, attributes{"cloud.provider": "heroku",
			"cloud.platform": "aws_lambda", "cloud.region": "eu-1", "faas.name": "f", "heroku.app.id": "app", "service.name": "shop"}},
		{"blanks around a name do not count", `{detectors: [" env "]}`, nil, attributes{"team": "a", "host.name": "from-env"}},
		{"attributes can be turned off", `{detectors: [heroku], heroku: {resource_attributes: {service.name: {enabled: false}, heroku.app.id: {}}}}`,
			nil, attributes{"cloud.provider": "heroku", "heroku.app.id": "app"}},
		{"lists and numbers are replaced, too", `{detectors: [env]}`,
			attributes{"team": []any{"x"}, "host.name": int64(1)}, attributes{"team": "a", "host.name": "from-env"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, same(t, tt.yaml, tt.in).resource)
		})
	}
}

func TestPlatformsOfVariablesEqualUpstream(t *testing.T) {
	for _, tt := range []struct {
		name, detector string
		variables      []string
		want           int
	}{
		{"Lambda", "lambda", []string{"AWS_LAMBDA_FUNCTION_NAME=f", "AWS_REGION=r", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
			"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128", "AWS_LAMBDA_LOG_GROUP_NAME=g", "AWS_LAMBDA_LOG_STREAM_NAME=s"}, 9},
		{"no Lambda", "lambda", []string{"AWS_LAMBDA_FUNCTION_NAME=", "AWS_REGION=r"}, 0},
		{"Heroku", "heroku", []string{"HEROKU_DYNO_ID=d", "HEROKU_APP_ID=a", "HEROKU_APP_NAME=n", "HEROKU_RELEASE_CREATED_AT=t",
			"HEROKU_RELEASE_VERSION=v", "HEROKU_SLUG_COMMIT=c"}, 7},
		{"Heroku without its app", "heroku", []string{"HEROKU_DYNO_ID=d"}, 1},
		{"Heroku's other variables alone", "heroku", []string{"HEROKU_APP_NAME=n"}, 1},
		{"no Heroku", "heroku", nil, 0},
		{"Azure App Service", "azureappservice", []string{"WEBSITE_SITE_NAME=s", "WEBSITE_RESOURCE_GROUP=g",
			"WEBSITE_OWNER_NAME=sub+g-space", "REGION_NAME=r", "WEBSITE_SLOT_NAME=slot", "WEBSITE_INSTANCE_ID=i"}, 9},
		{"Azure App Service with less", "azureappservice", []string{"WEBSITE_SITE_NAME=s", "WEBSITE_RESOURCE_GROUP=g", "WEBSITE_OWNER_NAME=sub"}, 6},
		{"Azure Functions", "azureappservice", []string{"WEBSITE_SITE_NAME=s", "WEBSITE_RESOURCE_GROUP=g",
			"WEBSITE_OWNER_NAME=sub+x", "FUNCTIONS_WORKER_RUNTIME=go"}, 0},
		{"Azure Container Apps", "azurecontainerapps", []string{"CONTAINER_APP_NAME=a", "CONTAINER_APP_REPLICA_NAME=r"}, 4},
		{"no Azure Container Apps", "azurecontainerapps", nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			setenv(t, tt.variables...)
			yaml := `{detectors: [` + tt.detector + `], retry: {enabled: false}}`
			assert.Len(t, same(t, yaml, nil).resource, tt.want)
			same(t, `{fail_on_missing_metadata: true, `+yaml[1:], nil)
		})
	}
}

func TestSystemEqualsUpstream(t *testing.T) {
	all := "detectors: [system]\nsystem:\n  resource_attributes:\n"
	for name := range defaultSystemSection().ResourceAttributes {
		all += "    " + name + ": {enabled: true}\n"
	}
	assert.Greater(t, len(same(t, all, nil).resource), 10)
	assert.Len(t, same(t, `detectors: [system]`, nil).resource, 2)
	for _, source := range []string{"os", "dns", "cname", "lookup"} {
		t.Run("the name of the host from "+source, func(t *testing.T) {
			same(t, `{detectors: [system], retry: {enabled: false}, system: {hostname_sources: [`+source+`]}}`, nil)
		})
	}
}
