@_exported public import FerryCore
@_exported public import FerryEngine
@_exported public import FerryProviders
@_exported public import FerryRuntime
@_exported public import FerryTransport
