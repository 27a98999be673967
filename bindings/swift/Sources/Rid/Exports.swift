// Views, steps and errors are the boundary's own; an app imports `Rid` alone.
@_exported import RidCore
