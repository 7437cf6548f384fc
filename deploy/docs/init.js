// deploy/docs/init.js - starts Swagger UI over the contracts that the services serve themselves.
// In a file of its own, so that the gateway's policy script-src 'self' holds.
window.addEventListener("load", () => {
  SwaggerUIBundle({
    dom_id: "#swagger-ui",
    urls: [
      { name: "identity 身份", url: "/api/v1/identity/openapi.json" },
      { name: "registry 责任清单", url: "/api/v1/registry/openapi.json" },
      { name: "monitoring 防止返贫监测", url: "/api/v1/monitoring/openapi.json" },
    ],
    "urls.primaryName": "registry 责任清单",
    deepLinking: true,
    displayOperationId: true,
    displayRequestDuration: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    filter: true,
    persistAuthorization: false, // a token lives in this tab only
    validatorUrl: null, // nothing is asked of anyone else
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    layout: "StandaloneLayout",
  });
});
