namespace Nines.Tables.Model.Requests;

/// <summary>UpdateTimeToLive.</summary>
public sealed record TimeToLiveRequest(string TableName, string Attribute, bool IsEnabled);
